// The script which holds `signet jose` against PyJWT, joserfc, jwcrypto and openssl: each form, in both directions.

/// Called with the path of signet; prints how many agreements it saw, a line a form.
let joseMatrix = #"""
  import base64, json, os, subprocess, sys, tempfile
  import jwt
  from joserfc import jwe as rfc_jwe, jwk as rfc_jwk, jws as rfc_jws
  from jwcrypto import jwe as jwc_jwe, jwk as jwc_jwk, jws as jwc_jws

  signet, folder = sys.argv[1], tempfile.mkdtemp()
  payload = b'{"sub":"they","n":1}'

  def run(*words, input=b"", ok=True):
    done = subprocess.run([signet, "jose", *words], input=input, capture_output=True)
    assert (done.returncode == 0) == ok, (words, done.returncode, done.stderr)
    return done.stdout

  def openssl(*words, input=b""):
    return subprocess.run(["openssl", *words], input=input, capture_output=True, check=True).stdout

  def file(name, content):
    path = os.path.join(folder, name)
    with open(path, "wb") as out: out.write(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path

  def b64(data): return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
  def unb64(text): return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
  def without(key, *names): return {name: value for name, value in key.items() if name not in names}

  def altered(token):
    head, body, rest = token.split(".", 2)
    return ".".join([head, ("B" if body[0] == "A" else "A") + body[1:], rest])

  def rfc_key(key):
    kind = {"EC": rfc_jwk.ECKey, "RSA": rfc_jwk.RSAKey, "OKP": rfc_jwk.OKPKey, "oct": rfc_jwk.OctKey}[key["kty"]]
    return kind.import_key(without(key, "use", "key_ops"))

  # r and s of a JWS (RFC 7518 section 3.4) and the DER that openssl wants.
  def der(raw):
    def integer(part):
      part = part.lstrip(b"\0") or b"\0"
      part = b"\0" + part if part[0] > 127 else part
      return b"\x02" + bytes([len(part)]) + part
    both = integer(raw[:len(raw) // 2]) + integer(raw[len(raw) // 2:])
    return b"\x30" + (b"\x81" if len(both) > 127 else b"") + bytes([len(both)]) + both

  def raw(signature, size):
    at, parts = (3 if signature[1] == 0x81 else 2), []
    for _ in range(2):
      length = signature[at + 1]
      parts.append(signature[at + 2:at + 2 + length].lstrip(b"\0").rjust(size, b"\0"))
      at += 2 + length
    return b"".join(parts)

  def digest(algorithm, key):
    if algorithm == "EdDSA": return []
    words = ["-digest", "sha" + algorithm[2:]]
    if algorithm[0] == "R": words += ["-pkeyopt", "rsa_padding_mode:pkcs1"]
    if algorithm[0] == "P": words += ["-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:digest"]
    return words

  def openssl_agrees(algorithm, key, path, token):
    head, body, signature = token.split(".")
    size = {"ES256": 32, "ES384": 48, "ES512": 66}.get(algorithm)
    signature = unb64(signature)
    private = file("private.pem", jwc_jwk.JWK(**key).export_to_pem(private_key=True, password=None))
    public = file("public.pem", run("public", "--pem", input=json.dumps(key).encode()))
    words = ["-rawin", "-in", file("input", f"{head}.{body}".encode())] + digest(algorithm, key)
    openssl("pkeyutl", "-verify", "-pubin", "-inkey", public, "-sigfile",
      file("signature", der(signature) if size else signature), *words)
    head = b64(json.dumps({"alg": algorithm, "kid": key["kid"]}).encode())
    words[2] = file("input", f"{head}.{b64(payload)}".encode())
    made = openssl("pkeyutl", "-sign", "-inkey", private, *words)
    theirs = f"{head}.{b64(payload)}.{b64(raw(made, size) if size else made)}"
    assert run("verify", "--key", path, input=theirs.encode()) == payload

  def signatures(algorithm):
    key = json.loads(run("generate", "--alg", algorithm))
    path = file("key.json", key)
    token = run("sign", "--key", path, "--alg", algorithm, input=payload).decode().strip()
    names = [algorithm, "Ed25519"] if algorithm == "EdDSA" else [algorithm]
    theirs = rfc_key(key)
    public = key if key["kty"] == "oct" else json.loads(run("public", input=json.dumps(key).encode()))
    assert jwt.api_jws.decode(token, jwt.PyJWK(public), algorithms=[algorithm]) == payload
    assert rfc_jws.deserialize_compact(token, theirs, algorithms=names).payload == payload
    other = jwc_jws.JWS()
    other.allowed_algs = names
    other.deserialize(token, jwc_jwk.JWK(**key))
    assert other.payload == payload
    assert theirs.thumbprint() == jwc_jwk.JWK(**key).thumbprint() == run("thumbprint", input=json.dumps(key).encode()).decode().strip()
    header = {"alg": algorithm, "kid": key["kid"]}
    third = jwc_jws.JWS(payload)
    third.allowed_algs = names
    third.add_signature(jwc_jwk.JWK(**key), None, json.dumps(header), None)
    made = [
      jwt.api_jws.encode(payload, jwt.PyJWK(key).key, algorithm=algorithm, headers={"kid": key["kid"]}),
      rfc_jws.serialize_compact(header, payload, theirs, algorithms=names), third.serialize(compact=True)]
    for one in made:
      assert run("verify", "--key", path, input=one.encode()) == payload
      run("verify", "--key", path, input=altered(one).encode(), ok=False)
    if key["kty"] != "oct": openssl_agrees(algorithm, key, path, token)
    print(algorithm, "signatures agree")

  def encryption(algorithm, content, key):
    path = file("key.json", key)
    public = key if key["kty"] == "oct" else json.loads(run("public", input=json.dumps(key).encode()))
    assert key["kty"] == "oct" or not {"d", "p", "q"} & set(public)
    words = ["encrypt", "--key", file("public.json", public), "--alg", algorithm, "--enc", content]
    token = run(*words, input=payload).decode().strip()
    theirs, other = rfc_key(key), jwc_jwk.JWK(**without(key, "use", "key_ops"))
    registry = rfc_jwe.JWERegistry(algorithms=[algorithm, content])
    assert rfc_jwe.decrypt_compact(token, theirs, registry=registry).plaintext == payload
    reader = jwc_jwe.JWE(algs=[algorithm, content])
    reader.deserialize(token, other)
    assert reader.payload == payload
    header = {"alg": algorithm, "enc": content, "kid": key["kid"]}
    writer = jwc_jwe.JWE(payload, json.dumps(header), algs=[algorithm, content])
    writer.add_recipient(other)
    for one in [rfc_jwe.encrypt_compact(header, payload, theirs, registry=registry), writer.serialize(compact=True)]:
      assert run("decrypt", "--key", path, input=one.encode()) == payload
      run("decrypt", "--key", path, input=(one[:-1] + ("A" if one[-1] not in "A" else "Q")).encode(), ok=False)
    print(algorithm, content, key.get("crv", key["kty"]), "encryption agrees")

  for algorithm in [kind + size for kind in ["RS", "PS", "ES", "HS"] for size in ["256", "384", "512"]] + ["EdDSA"]:
    signatures(algorithm)
  for content in ["A128GCM", "A256GCM", "A128CBC-HS256", "A256CBC-HS512"]:
    for algorithm, words in [("RSA-OAEP-256", []), ("ECDH-ES", ["--crv", "P-256"]), ("ECDH-ES", ["--crv", "X25519"]),
        ("ECDH-ES+A256KW", ["--crv", "P-256"]), ("ECDH-ES+A256KW", ["--crv", "X25519"]), ("A256KW", []),
        ("dir", ["--enc", content])]:
      encryption(algorithm, content, json.loads(run("generate", "--alg", algorithm, *words)))
  """#
