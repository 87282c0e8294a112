"""Wire languages. `messages` is the client's dialect and the hub; with one dialect nothing has to be translated yet.

messages   what a request may say, what leaves towards a provider, what an answer becomes
schema     every field of the request that relay reads, with its type and limits
"""
