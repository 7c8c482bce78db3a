"""Encoders turn texts into vectors. All of them keep `contract.Encoder`."""
