"""Webhooks: partners' systems are told what changes, as far as their partner may see it, by signed messages.

A message is a POST of JSON, at most 500 changes long, that says what changed and where to read it, and none of the
content. It is signed as Standard Webhooks has it (https://www.standardwebhooks.com): `webhook-id` stays the same when a
message is sent again, `webhook-timestamp` is the moment of sending in seconds since 1970, and `webhook-signature` is
`v1,` and the Base64 of the HMAC-SHA-256 of id, timestamp and body, joined by points. Whoever receives it refuses what
is more than five minutes old: see `example.py`.

Messages of one webhook go out one after the other, each at least once: the next one when the one before is delivered
(any status 2xx) or given up. `after` and `next` of a message are addresses of the list of changes: whoever finds that
`after` is not the `next` of the message before has missed one, and reads on from there.
"""
