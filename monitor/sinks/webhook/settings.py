"""The settings of a webhook, and how its sender is built of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar, Final, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from monitor.errors import ConfigError, Fault, SinkError
from monitor.render.template import Template
from monitor.sinks.base import Built, SecretPath, Tools
from monitor.sinks.endpoint import Endpoint, HttpSection
from monitor.sinks.webhook.firstuse import ADVICE, EXAMPLES
from monitor.sinks.webhook.formats import CHAT, JSON, FormatName, format_of, is_json, no_json, read_template
from monitor.sinks.webhook.sender import Webhook
from monitor.sinks.webhook.signing import Signer

#: A header's name (RFC 9110 §5.6.2) and value, of which we take printable ASCII only.
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?")
#: What we or the connection say ourselves.
_OURS: Final = re.compile(
    r"(webhook|content|monitor|proxy)-.*|host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|accept-encoding", re.I
)


class WebhookSettings(HttpSection):
    examples: ClassVar = EXAMPLES
    advice: ClassVar = ADVICE

    type: Literal["webhook"]
    secret: SecretStr | None = Field(default=None, description="Signing secret: whsec_ and base64; better kept in secret_file.")
    secret_file: SecretPath | None = Field(
        default=None, description="A file with the signing secret; while it is changed, the new and the old one on a line each."
    )
    format: FormatName = Field(default="cloudevents", description="What is posted: the document, a chat service's own, or a template's.")
    template: Path | None = Field(default=None, description="The Jinja2 template that makes the body (format: template).")
    content_type: str | None = Field(default=None, description="What a template's body is; application/json unless said.")
    chat_id: str = Field(default="", description="The chat that is written to (format: telegram).")
    headers: dict[str, SecretStr] = Field(default_factory=dict, description="Headers sent with each message.")
    concurrency: int = Field(default=1, ge=1, le=64, description="Posts in flight in each severity lane; over 1 gives up their order.")

    @field_validator("headers")
    @classmethod
    def _sendable(cls, headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
        if len({name.lower() for name in headers}) < len(headers):
            raise ValueError("a header is given twice; upper and lower case are the same")
        for name, value in headers.items():
            if not _TOKEN.fullmatch(name):
                raise ValueError("a header's name is letters, digits and hyphens")
            if _OURS.fullmatch(name):
                raise ValueError(f"{name} is set by the monitor itself")
            if not _VALUE.fullmatch(value.get_secret_value()):
                raise ValueError(f"the value of {name} is not one line of printable ASCII")
        return headers

    @field_validator("content_type")
    @classmethod
    def _named(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[\w.+-]+/[\w.+-]+(; ?[\w-]+=[\w.+-]+)*", value, re.ASCII):
            raise ValueError("must be a media type such as text/plain; charset=utf-8")
        return value

    @model_validator(mode="after")
    def _fits(self) -> WebhookSettings:
        if self.secret is not None and self.secret_file is not None:
            raise ValueError("give either secret or secret_file, not both")
        if (self.format == "template") != (self.template is not None):
            raise ValueError("format: template and template: FILE go together")
        if self.format != "template" and self.content_type is not None:
            raise ValueError("content_type is for format: template; the others have their own")
        if (self.format == "telegram") != bool(self.chat_id):
            raise ValueError("format: telegram and chat_id go together")
        if (self.bearer_file or self.basic_file) and "authorization" in {name.lower() for name in self.headers}:
            raise ValueError("Authorization stands in headers already: leave bearer_file and basic_file out")
        return self

    @property
    def sums_up(self) -> bool:
        return self.format in CHAT

    def warnings(self) -> tuple[str, ...]:
        found = list(super().warnings())
        chat = self.format in CHAT
        if chat and self.url is not None:
            found.append("keeps in the configuration an address that is all one needs to write there; move it to a file: url_file")
        known = (self.secret, self.secret_file, self.bearer_file, self.basic_file, self.certificate)
        if not chat and all(each is None for each in known):
            found.append("has no signing secret: its receiver cannot tell our messages from anyone else's; set secret_file")
        template = None if self.template is None else read_template(self.template)
        if isinstance(template, Template) and is_json(self.content_type or JSON) and (said := no_json(template)):
            found.append(f"makes {said}, which is not sent: write every value with | json, or say what it is with content_type")
        return tuple(found)

    def faults(self) -> tuple[Fault, ...]:
        template = None if self.template is None else read_template(self.template)
        return (template,) if isinstance(template, Fault) else ()

    def build(self, name: str, tools: Tools) -> Built:
        made = format_of(
            self.format,
            chat_id=self.chat_id,
            template=self._template(name),
            content_type=self.content_type or JSON,
            read=lambda payload: tools.message(payload, name),
        )
        sender = Webhook(
            name,
            Endpoint(name, self, poster=tools.poster, clock=tools.clock, meant=made.meant),
            made,
            Signer(name, secret=None if self.secret is None else self.secret.get_secret_value(), secret_file=self.secret_file),
            clock=tools.clock,
            headers={header: value.get_secret_value() for header, value in self.headers.items()},
            concurrency=self.concurrency,
        )
        return Built(sink=sender)

    def _template(self, name: str) -> Template | None:
        template = None if self.template is None else read_template(self.template)
        if isinstance(template, Fault):  # sound when the configuration was read
            raise SinkError(f"sink {name}: {ConfigError([template])}")
        return template
