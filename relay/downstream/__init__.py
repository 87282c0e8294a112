"""The client's side: Server takes connections, Ingress decodes requests into calls, Reply is all that writes to a client."""

from relay.downstream.admission import Admission
from relay.downstream.ingress import Ingress
from relay.downstream.reply import Reply
from relay.downstream.server import Server

__all__ = ["Admission", "Ingress", "Reply", "Server"]
