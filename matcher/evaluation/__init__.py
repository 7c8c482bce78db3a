"""Judging the matcher on data of others, through the encoder, index and ranker that answer live questions."""
