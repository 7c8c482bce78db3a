"""Made-up people for a first look at the product, and the bots that answer for a few of them."""
