#!/usr/bin/env python3
"""Renews the keys by which haproxy-jwt.cfg verifies Signet's tokens. It needs Python 3 alone.

    haproxy-keys.py URL FOLDER [COMMAND…]
    haproxy-keys.py https://login.example.com/.well-known/jwks.json /etc/haproxy/signet systemctl reload haproxy

Fetches the JWK Set, writes each ES256 key to a slot (FOLDER/1.pem to 4.pem) and which kid has which slot to
FOLDER/keys.map. When anything has changed it runs COMMAND. Run it once before HAProxy's first start, then every five
minutes (Signet publishes a key for key.publish_before, a day, before it signs; a revoked one is gone at the next run):

    */5 * * * * root haproxy-keys.py … systemctl reload haproxy

Whatever fails, the files stay as they were and it exits with 1. By hand, without this script: `signet key export --pem`.
"""
import base64
import json
import os
import subprocess
import sys
import urllib.request

SLOTS = 4
# What stands before the point's 64 bytes in a P-256 public key (RFC 5480): 27 bytes, so its base64 can be put in front.
P256 = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"


def coordinate(text):
    decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if len(decoded) != 32:
        raise ValueError("a coordinate isn't 32 bytes long")
    return decoded


def pem(key):
    text = P256 + base64.b64encode(coordinate(key["x"]) + coordinate(key["y"])).decode()
    lines = [text[start:start + 64] for start in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN PUBLIC KEY-----"] + lines + ["-----END PUBLIC KEY-----", ""])


def files(keys):
    if not keys:
        raise ValueError("no ES256 key is published")
    # In Signet's order: the one that signs, the next one, then those that only verify what soon expires, oldest first.
    if len(keys) > SLOTS:
        print(f"haproxy-keys.py: {len(keys)} ES256 keys for {SLOTS} slots: the oldest are left out", file=sys.stderr)
        keys = keys[:2] + keys[2 - SLOTS:]
    made = {"keys.map": "".join(f"{key['kid']} {slot}\n" for slot, key in enumerate(keys, 1))}
    for slot in range(SLOTS):
        # HAProxy wants every file there; a slot without a kid in the map is never asked.
        made[f"{slot + 1}.pem"] = pem(keys[min(slot, len(keys) - 1)])
    return made


def replace(path, text):
    """Writes a file whole or not at all; whether that changed it."""
    try:
        with open(path) as file:
            if file.read() == text:
                return False
    except FileNotFoundError:
        pass
    with open(path + ".new", "w") as file:
        file.write(text)
    os.replace(path + ".new", path)
    return True


def main(url, folder, *command):
    with urllib.request.urlopen(url, timeout=10) as answer:
        keys = [key for key in json.load(answer)["keys"] if key.get("alg") == "ES256"]
    made = files(keys)
    os.makedirs(folder, exist_ok=True)
    # Stands as long as HAProxy may have other keys than the files: a COMMAND that failed is run again the next time.
    pending = os.path.join(folder, "pending")
    changed = [replace(os.path.join(folder, name), text) for name, text in made.items()]
    if any(changed):
        open(pending, "w").close()
    if command and os.path.exists(pending):
        subprocess.run(command, check=True)
        os.remove(pending)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except Exception as error:
        sys.exit(f"haproxy-keys.py: {error}")
