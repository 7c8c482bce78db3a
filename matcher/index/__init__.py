"""The index finds experts by vector and by words. Both engines keep `contract.ExpertIndex`."""
