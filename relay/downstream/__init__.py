"""The client's side: Server takes connections, Ingress makes requests into calls, only Reply writes to a client."""

from relay.downstream.accounts import Accounts
from relay.downstream.admission import Admission
from relay.downstream.identity import Keys
from relay.downstream.ingress import Ingress, Service
from relay.downstream.refused import Refused
from relay.downstream.reply import Reply
from relay.downstream.server import Server

__all__ = ["Accounts", "Admission", "Ingress", "Keys", "Refused", "Reply", "Server", "Service"]
