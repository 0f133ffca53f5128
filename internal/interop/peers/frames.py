"""The loop of the peers that are written in Python: see README.md."""
import sys


def serve(answer):
    """Answers every message on standard input with answer(message), in bytes.

    What answer raises is the peer's refusal of the message.
    """
    for line in iter(sys.stdin.buffer.readline, b""):
        message = sys.stdin.buffer.read(int(line))
        try:
            word, reply = "ok", answer(message)
        except Exception as e:
            word, reply = "error", ("%s: %s" % (type(e).__name__, e)).encode()
        sys.stdout.buffer.write(b"%s %d\n" % (word.encode(), len(reply)) + reply)
        sys.stdout.buffer.flush()
