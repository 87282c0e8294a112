"""Frames: what people and programs write around a value, in twelve languages and in the formats of programs.

A hole is `{}`. No frame holds personal data of its own, and no frame lends a value a context that its sample lacks.
"""

from collections.abc import Iterator, Sequence
from random import Random

from .texts import LabelledText, Sample, fill

INLINE = {
    "prose/en": (
        "Please note {} and get back to me by Friday.",
        "I think it was {}, but I'm not sure.",
        "Can you check {}? Nothing else changed since yesterday.",
        "{} is what the customer gave us.",
        "We replaced the old one with {}.",
    ),
    "prose/de": ("Bitte notieren Sie {} für später.", "Im Formular steht {}, stimmt das so?"),
    "prose/fr": ("Merci de vérifier {} avant demain.", "Le client nous a donné {} hier soir."),
    "prose/es": ("Por favor, comprueba {} cuanto antes.", "En el formulario pone {}, ¿es correcto?"),
    "prose/it": ("Per favore controlla {} entro domani.", "Il cliente ha scritto {} nel modulo."),
    "prose/pt": ("Por favor, confirme {} até amanhã.", "O cliente informou {} no formulário."),
    "prose/nl": ("Wilt u {} nog even controleren?", "In het formulier staat {}, klopt dat?"),
    "prose/pl": ("Proszę sprawdzić {} do jutra.", "Klient podał {} w formularzu."),
    "prose/ja": ("お客様の情報は「{}」です。ご確認ください。", "昨日の記録に {} と書いてあります。"),
    "prose/zh": ("请核对一下“{}”，谢谢。", "客户留下的是 {} ，请尽快处理。"),
    "prose/ru": ("Пожалуйста, проверьте {} до завтра.", "Клиент указал {} в анкете."),
    "prose/ko": ("고객 정보는 {} 입니다.", "어제 받은 내용: {} 확인 부탁드립니다."),
    "json": (
        '{"customer": "Ada", "note": "{}", "active": true, "visits": 17}',
        '{"type": "text", "text": "The user wrote: {}", "index": 0}',
        '{"content": "Hello,\\n\\n{}\\n\\nBye", "role": "user"}',
        '[{"field": "remark", "value": "{}"}, {"field": "size", "value": 42}]',
    ),
    "log": (
        "2026-03-14T09:26:53.589Z INFO worker[4711] saw {} status=200 duration=13ms",
        "Mar 14 09:26:53 web-1 app[812]: WARN rejected: {}",
        '[14/Mar/2026:09:26:53 +0000] "GET /health HTTP/1.1" 200 512 note="{}"',
    ),
    "code": (
        'def load():\n    value = "{}"\n    return Row(value, retries=3)\n',
        "    assert parse('{}') is not None\n",
        "// expected: {}\nif (got !== want) { throw new Error('mismatch'); }\n",
        'fmt.Println("{}")\n',
        'log.info("row one\\n{}\\nrow three")\n',
    ),
    "markdown": (
        "## Findings\n\n- seen: {}\n- nothing else\n",
        "| name | value |\n|---|---|\n| first | {} |\n",
        "> {}\n\nThis looks right.",
    ),
    "email": ("Hi team,\n\n{}\n\nThanks,\nSam", "Subject: data\n\nAs discussed: {}\n\nBest regards\nSam"),
    "data": (
        "name;value;ok\nAda;{};yes\n",
        "value: {}\nactive: true\n",
        '<td class="v">{}</td>',
        "name,value\nAda,{}\n",
    ),
}
BLOCK = {
    "code": ("```\n{}\n```", "Here is my setup:\n\n{}\n\nWhy does it fail?", "$ cat settings\n{}\n$"),
    "prose/en": ("{}", "Please keep this safe:\n{}\n"),
    "prose/de": ("So sieht es bei mir aus:\n{}\nWas ist daran falsch?",),
}
RECORDS = (
    "Name: Ada Nowak\nE-Mail: {}\nTelefon: {}\nIBAN: {}\n",
    '{"name": "Ada", "email": "{}", "phone": "{}", "iban": "{}"}',
    "Contact {} or phone {} and pay to {} within ten days.",
)
MACHINES = (
    "host up: ip {} ether {} id {}\n",
    '{"address": "{}", "mac": "{}", "request": "{}"}',
)


def frame(samples: Sequence[Sample], random: Random) -> Iterator[LabelledText]:
    """Put each sample into a frame of its own, of a kind and wording drawn evenly."""
    for inserted in samples:
        frames = BLOCK if inserted.block else INLINE
        kind = random.choice(sorted(frames))
        yield fill(kind, random.choice(frames[kind]), (inserted,))


def records(by_class: dict[str, list[Sample]], count: int, random: Random) -> Iterator[LabelledText]:
    """Give `count` records of a person and `count` of a machine, each with several values."""
    for classes, frames, kind in (
        (("email", "phone", "iban"), RECORDS, "person"),
        (("ip", "mac", "uuid"), MACHINES, "machine"),
    ):
        for _ in range(count):
            yield fill(f"record/{kind}", random.choice(frames), [random.choice(by_class[cls]) for cls in classes])
