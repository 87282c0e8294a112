"""Secrets and texts that are planted in calls and may appear in no log line, error or answer they don't belong to."""

from tests.support.raw_client import KEY

PROVIDER_KEY = "provider-credential-planted-9876543210"
PROMPT = "prompt-text-planted-5551212"
ANSWER = "answer-text-planted-8675309"
WRONG_KEY = "wrong-key-planted-4242424242"

SECRETS = (KEY, PROVIDER_KEY, PROMPT, ANSWER, WRONG_KEY)
ENVIRON = {"CALLER_KEY": KEY, "PROVIDER_KEY": PROVIDER_KEY}
