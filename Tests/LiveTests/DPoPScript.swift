// A client of RFC 9449 in Python, by joserfc and requests: what a test's script begins with.

enum DPoPScript {
  static let head = """
    import base64, hashlib, json, os, sys, time, uuid
    import requests
    from joserfc import jws
    from joserfc.jwk import ECKey, OKPKey, RSAKey, OctKey
    issuer = sys.argv[1]
    def b64(data): return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    def claims(token):
      part = token.split(".")[1]
      return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    class Client:
      def __init__(self, key=None, alg="ES256"):
        self.key, self.alg, self.nonce = key or ECKey.generate_key("P-256"), alg, None
        self.session = requests.Session()
      def proof(self, method, path, token=None, header={}, **changes):
        now = {"jti": str(uuid.uuid4()), "htm": method, "htu": issuer + path, "iat": int(time.time())}
        if token: now["ath"] = b64(hashlib.sha256(token.encode()).digest())
        if self.nonce: now["nonce"] = self.nonce
        now.update(changes)
        now = {name: value for name, value in now.items() if value is not None}
        head = {"typ": "dpop+jwt", "alg": self.alg, "jwk": self.key.as_dict(private=False)}
        head.update(header)
        text = json.dumps(now).encode()
        if not header: return jws.serialize_compact(head, text, self.key, algorithms=[self.alg])
        # A header that no library makes.
        signing = b64(json.dumps(head).encode()) + "." + b64(text)
        return signing + "." + self.raw(signing, head)
      def raw(self, signing, head):
        if head["alg"] == "none": return ""
        if head["alg"] == "HS256":
          import hmac
          return b64(hmac.new(json.dumps(head["jwk"]).encode(), signing.encode(), "sha256").digest())
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, utils
        der = self.key.private_key.sign(signing.encode(), ec.ECDSA(hashes.SHA256()))
        r, s = utils.decode_dss_signature(der)
        return b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
      def call(self, method, path, proof=None, token=None, scheme="DPoP", body=None, form=None):
        fields = {}
        if proof is True: proof = self.proof(method, path, token)
        if proof: fields["DPoP"] = proof
        if token: fields["Authorization"] = scheme + " " + token
        answer = self.session.request(method, issuer + path, headers=fields, json=body, data=form)
        self.nonce = answer.headers.get("DPoP-Nonce", self.nonce)
        return answer
      # As RFC 9449 section 8 has it: a nonce that is asked for is sent with a new proof.
      def ask(self, method, path, token=None, **more):
        answer = self.call(method, path, True, token, **more)
        if answer.status_code in (400, 401) and answer.json()["error"] == "use_dpop_nonce":
          answer = self.call(method, path, True, token, **more)
        return answer
      def login(self, **more):
        body = {"username": "ada", "password": sys.argv[2], **more}
        answer = self.ask("POST", "/v1/login", body=body)
        assert answer.status_code == 200, answer.text
        return answer.json()
    def brief(answer):
      error = answer.json().get("error") if answer.content else None
      return f"{answer.status_code} {error}"
    results = []
    def check(what, answer, expected):
      if brief(answer) != expected: results.append(f"{what}: {brief(answer)}, expected {expected}: {answer.text}")

    """
}
