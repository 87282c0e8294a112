"""The written shapes of API keys, as their issuers' documents and example keys show them.

A shape is literal text with fields such as `{W36}`: an alphabet's letter and how many of it. Only keys that must be
kept secret are here; publishable keys and ids of accounts are among the negatives.
"""

import re
import string
from random import Random

ALPHABETS = {
    "W": string.ascii_letters + string.digits,
    "U": string.ascii_letters + string.digits + "-_",
    "B": string.ascii_letters + string.digits + "+/",
    "N": string.ascii_uppercase + string.digits,
    "l": string.ascii_lowercase + string.digits,
    "h": string.digits + "abcdef",
    "X": string.digits + "ABCDEF",
    "d": string.digits,
    "b": string.ascii_uppercase + "234567",
    "q": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
}
SHAPES = {
    "aws access key": ("AKIA{b16}", "ASIA{b16}"),
    "github": ("ghp_{W36}", "gho_{W36}", "ghs_{W36}", "github_pat_{W22}_{W59}"),
    "gitlab": ("glpat-{W20}", "gldt-{W20}", "glrt-{W20}", "glptt-{h40}"),
    "bitbucket": ("ATBB{W24}{X8}",),
    "atlassian": ("ATATT3{W178}={X7}",),
    "slack": ("xoxb-{d12}-{d13}-{W24}", "xoxp-{d11}-{d12}-{d12}-{h32}", "xapp-1-A{N10}-{d13}-{h64}"),
    "slack webhook": ("https://hooks.slack.com/services/T{N8}/B{N10}/{W24}",),
    "discord webhook": ("https://discord.com/api/webhooks/1{d18}/{W68}",),
    "discord bot": ("MT{W24}.G{W5}.{W38}",),
    "telegram": ("7{d9}:AA{W33}",),
    "openai": ("sk-{W20}T3BlbkFJ{W20}", "sk-proj-{U60}T3BlbkFJ{W60}", "sk-svcacct-{U60}T3BlbkFJ{W60}"),
    "anthropic": ("sk-ant-api03-{U93}AA", "sk-ant-admin01-{U93}AA", "sk-ant-oat01-{U93}AA"),
    "openrouter": ("sk-or-v1-{h64}",),
    "groq": ("gsk_{W52}",),
    "xai": ("xai-{W80}",),
    "replicate": ("r8_{W37}",),
    "perplexity": ("pplx-{W48}",),
    "nvidia": ("nvapi-{W64}",),
    "huggingface": ("hf_{W34}",),
    "langsmith": ("lsv2_pt_{h32}_{h10}", "lsv2_sk_{h32}_{h10}"),
    "stripe": ("sk_live_{W24}", "rk_live_{W24}", "sk_test_{W99}", "whsec_{W32}"),
    "square": ("sq0atp-{W22}", "sq0csp-{W43}"),
    "shopify": ("shpat_{h32}", "shpss_{h32}"),
    "razorpay": ("rzp_live_{W14}",),
    "braintree": ("access_token$production${l16}${h32}",),
    "google": ("AIza{W35}", "GOCSPX-{W28}", "ya29.a0{W120}"),
    "azure ad": ("{W3}8Q~{W34}",),
    "alibaba": ("LTAI5t{W18}",),
    "digitalocean": ("dop_v1_{h64}",),
    "netlify": ("nfp_{W36}",),
    "supabase": ("sbp_{h40}", "sb_secret_{W22}_{W8}"),
    "planetscale": ("pscale_tkn_{W43}",),
    "databricks": ("dapi{h32}",),
    "airtable": ("pat{W14}.{h64}",),
    "notion": ("ntn_{d11}{W35}", "secret_{W43}"),
    "linear": ("lin_api_{W40}",),
    "figma": ("figd_{W40}",),
    "postman": ("PMAK-{h24}-{h34}",),
    "newrelic": ("NRAK-{N27}",),
    "grafana": ("glsa_{W32}_{h8}",),
    "sentry": ("sntryu_{h64}",),
    "dynatrace": ("dt0c01.{N24}.{N64}",),
    "sonar": ("squ_{h40}",),
    "doppler": ("dp.pt.{W43}",),
    "pulumi": ("pul-{h40}",),
    "terraform": ("{W14}.atlasv1.{W67}",),
    "vault": ("hvs.{W95}",),
    "tailscale": ("tskey-auth-k{W11}CNTRL-{W32}",),
    "age": ("AGE-SECRET-KEY-1{q58}",),
    "npm": ("npm_{W36}",),
    "pypi": ("pypi-AgEIcHlwaS5vcmc{W130}",),
    "rubygems": ("rubygems_{h48}",),
    "docker hub": ("dckr_pat_{W27}",),
    "sendgrid": ("SG.{W22}.{W43}",),
    "mailgun": ("key-{h32}",),
    "mailchimp": ("{h32}-us{d1}", "{h32}-us1{d1}"),
    "twilio": ("SK{h32}",),
    "typeform": ("tfp_{W44}_{W14}",),
}
FIELD = re.compile(r"\{([A-Za-z])(\d+)\}")


def draw(shape: str, random: Random) -> str:
    """Write one key of a shape, each field drawn evenly from its alphabet."""
    return FIELD.sub(lambda field: "".join(random.choices(ALPHABETS[field[1]], k=int(field[2]))), shape)
