"""The reference receiver of docs/exchange, which the demonstration runs too."""

from cli.receiver import PAGE, Receiver, receiver

__all__ = ["PAGE", "Receiver", "receiver"]
