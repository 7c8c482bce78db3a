"""What the gateway, the matcher and the clock ask of the views: the only code that reads them.

Every function takes an async psycopg pool and answers dicts ready for JSON, named as on the wire.
"""
