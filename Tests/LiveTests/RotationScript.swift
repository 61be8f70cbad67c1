// The script of the rotation under load: logins that refresh all the time, and three verifiers which keep the JWK Set for
// as long as it says: PyJWT's client, joserfc (which never fetches early), and HAProxy, configured anew each time.

/// Called with the issuer, how many seconds to run at most, a folder and the path of haproxy; prints what was counted.
let rotationUnderLoad = #"""
  import base64, http.client, json, os, re, socket, subprocess, sys, threading, time, urllib.request
  import jwt
  from joserfc import jwt as jose
  from joserfc.jwk import ECKey, KeySet

  issuer, seconds, folder, program = sys.argv[1], float(sys.argv[2]), sys.argv[3], sys.argv[4]
  uri = issuer + "/.well-known/jwks.json"
  end = time.monotonic() + seconds
  guard = threading.Lock()
  counts = {"refreshes": 0, "pyjwt": 0, "joserfc": 0, "haproxy": 0}
  failures, kids, fetches = [], [], {"pyjwt": 0, "joserfc": 0, "haproxy": 0}

  # Until two rotations were seen, or the time is over.
  def is_over(): return len(kids) > 2 or failures or time.monotonic() >= end

  def fetch():
    with urllib.request.urlopen(uri) as answer:
      return json.load(answer), int(re.search(r"max-age=(\d+)", answer.headers["Cache-Control"]).group(1))

  advertised = fetch()[1]
  client = jwt.PyJWKClient(uri, cache_jwk_set=True, lifespan=advertised)

  def by_pyjwt(token):
    jwt.decode(token, client.get_signing_key_from_jwt(token), algorithms=["ES256"], audience="api", issuer=issuer)

  class Cache:
    until, keys = 0, None
    def get(self):
      with guard:
        if time.monotonic() >= self.until:
          document, age = fetch()
          self.keys, self.until = KeySet.import_key_set(document), time.monotonic() + age
          fetches["joserfc"] += 1
        return self.keys

  cache = Cache()

  def by_joserfc(token):
    claims = jose.decode(token, cache.get(), algorithms=["ES256"]).claims
    jose.JWTClaimsRegistry(iss={"essential": True, "value": issuer}, aud={"essential": True, "value": "api"}).validate(claims)

  class Haproxy:
    process, name = None, os.path.join(folder, "haproxy")
    def configure(self):
      document, age = fetch()
      rules = []
      for index, key in enumerate(document["keys"]):
        pem = f"{self.name}.{key['kid'].lstrip('-')}.pem"
        with open(pem, "wb") as out: out.write(ECKey.import_key(key).as_pem(private=False))
        rules.append(f"""  http-request set-var(txn.ok) var(txn.bearer),jwt_verify(txn.alg,"{pem}") if {{ var(txn.kid) -m str -- {key['kid']} }}""")
      with open(self.name + ".cfg", "w") as out:
        out.write("\n".join([
          "global", f"  stats socket {self.name}.stats mode 600 level admin expose-fd listeners", "defaults", "  mode http",
          "  timeout client 30s", "  timeout connect 5s", "  timeout server 30s", "frontend tokens",
          f"  bind unix@{self.name}.sock", "  http-request set-var(txn.bearer) http_auth_bearer",
          "  http-request set-var(txn.kid) var(txn.bearer),jwt_header_query('$.kid')",
          "  http-request set-var(txn.alg) var(txn.bearer),jwt_header_query('$.alg')",
          "  http-request deny deny_status 401 unless { var(txn.alg) -m str ES256 }", *rules,
          "  http-request return status 200 if { var(txn.ok) -m int 1 }", "  http-request return status 401", ""]))
      words = [program, "-db", "-f", self.name + ".cfg"]
      if self.process: words += ["-x", self.name + ".stats", "-sf", str(self.process.pid)]
      old, self.process = self.process, subprocess.Popen(words, stderr=subprocess.DEVNULL)
      while not self.answers() or (old and old.poll() is None): time.sleep(0.01)
      fetches["haproxy"] += 1
      return age
    def answers(self):
      try: return self.status("x.y.z") == 401
      except OSError: return False
    def status(self, token):
      connection = http.client.HTTPConnection("localhost", timeout=20)
      connection.sock = socket.socket(socket.AF_UNIX)
      connection.sock.connect(self.name + ".sock")
      connection.request("GET", "/", headers={"Authorization": "Bearer " + token})
      return connection.getresponse().status
    def keep(self):
      while not is_over():
        time.sleep(min(self.age, max(0, end - time.monotonic())))
        self.age = self.configure()

  haproxy = Haproxy()
  haproxy.age = haproxy.configure()

  def by_haproxy(token):
    # A connection that the old process closes while the new one takes over says nothing of the token.
    for _ in range(20):
      try: status = haproxy.status(token)
      except (OSError, http.client.HTTPException): continue
      if status == 200: return
      raise ValueError(f"status {status}")
    raise ValueError("no answer")

  def post(path, body):
    request = urllib.request.Request(issuer + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request))

  def session():
    try: refresh()
    except Exception as error: failures.append(f"{type(error).__name__} {error}")

  def refresh():
    answer = post("/v1/login", {"username": "ada", "password": "correct horse battery staple"})
    while not is_over():
      time.sleep(0.02)
      answer = post("/v1/refresh", {"refresh_token": answer["refresh_token"]})
      token = answer["access_token"]
      kid = jwt.get_unverified_header(token)["kid"]
      with guard:
        counts["refreshes"] += 1
        if kid not in kids: kids.append(kid)
      for name, verify in [("pyjwt", by_pyjwt), ("joserfc", by_joserfc), ("haproxy", by_haproxy)]:
        try: verify(token)
        except Exception as error: failures.append(f"{name}: {type(error).__name__} {error}")
        else:
          with guard: counts[name] += 1

  threads = [threading.Thread(target=session) for _ in range(4)] + [threading.Thread(target=haproxy.keep)]
  for thread in threads: thread.start()
  for thread in threads: thread.join()
  haproxy.process.kill()
  print(json.dumps({"max_age": advertised, "kids": len(kids), "failures": failures[:5], "failed": len(failures), **counts}))
  """#
