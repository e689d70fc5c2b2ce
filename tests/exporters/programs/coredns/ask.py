"""Asks a name server on loopback for names that exist, do not exist, and cannot be found out."""
import socket
import struct
import sys


def ask(name, kind=1):
    question = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    query = struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0) + question + struct.pack(">HH", kind, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(3)
        client.sendto(query, ("127.0.0.1", int(sys.argv[1])))
        try:
            return client.recv(4096)[3] & 15
        except TimeoutError:
            return None


for turn in range(20):
    for name in ("www.example.com", "nowhere.example.com", f"a{turn % 5}.example.org", "broken.example.org", "down.example.net"):
        ask(name)
ask("www.example.com", 28)
