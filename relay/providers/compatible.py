"""Rows of the providers that speak an existing dialect with a key. Add a provider: add a row.

Base URLs and variables are those that the providers publish; no row has been tried against its provider yet. What they
do with data is unknown until an operator says it.
"""

from collections.abc import Mapping

from relay.catalog import KnownProvider
from relay.providers.claude import CLAUDE


def _chat(name: str, display_name: str, base_url: str, env: str, *quirks: str) -> KnownProvider:
    """Give a provider of the Chat Completions dialect; `quirks` are words of dialects.chat.QUIRKS."""
    return KnownProvider(name, display_name, "chat", base_url, env, quirks=frozenset(quirks))


_ROWS = (
    KnownProvider(
        name="anthropic",
        display_name="Anthropic",
        dialect="messages",
        base_url="https://api.anthropic.com",
        env="ANTHROPIC_API_KEY",
        count_tokens=True,
        models=CLAUDE,
        context_management=True,
    ),
    _chat(
        "openai",
        "OpenAI",
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        "four_stops",
        "max_completion_tokens",
        "prompt_cache_key",
    ),
    _chat(
        "openrouter",
        "OpenRouter",
        "https://openrouter.ai/api/v1",
        "OPENROUTER_API_KEY",
        "prefill",
        "reasoning_object",
    ),
    _chat("cerebras", "Cerebras", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
    _chat("deepseek", "DeepSeek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY", "reasoning_content"),
    _chat("fireworks", "Fireworks", "https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
    _chat("groq", "Groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY", "four_stops"),
    _chat(
        "mistral",
        "Mistral",
        "https://api.mistral.ai/v1",
        "MISTRAL_API_KEY",
        "nine_char_ids",
        "no_stream_options",
        "no_user",
    ),
    _chat("moonshotai", "Moonshot AI", "https://api.moonshot.ai/v1", "MOONSHOT_API_KEY", "reasoning_content"),
    _chat("together", "Together", "https://api.together.xyz/v1", "TOGETHER_API_KEY"),
    _chat("xai", "xAI", "https://api.x.ai/v1", "XAI_API_KEY"),
)

PROVIDERS: Mapping[str, KnownProvider] = {row.name: row for row in _ROWS}
