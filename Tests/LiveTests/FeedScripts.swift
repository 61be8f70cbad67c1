// Readers of the feed that aren't ours, in Python: as plain as the standard is, over a bare socket or http.client.

/// Reads server-sent events over http.client, which knows chunks. Every script has it before its own lines.
private let reader = #"""
  import base64, http.client, json, socket, sys, threading, time
  port = int(sys.argv[1])
  credentials = base64.b64encode(sys.argv[2].encode()).decode()

  def request(extra=()):
      return {"Authorization": "Basic " + credentials, **dict(extra)}

  def subscribe(last=None, timeout=60):
      connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
      connection.request("GET", "/v1/revocations", headers=request([("Last-Event-ID", last)] if last else []))
      answer = connection.getresponse()
      assert answer.status == 200, answer.status
      assert answer.getheader("Content-Type") == "text/event-stream"
      return connection, answer

  def events(answer):
      name, data, last = "", [], None
      while True:
          line = answer.readline()
          if not line: return
          line = line.decode().rstrip("\r\n")
          if line == "":
              if data: yield name or "message", json.loads("\n".join(data)), last
              name, data = "", []
              continue
          field, _, value = line.partition(":")
          value = value[1:] if value.startswith(" ") else value
          if field == "event": name = value
          elif field == "data": data.append(value)
          elif field == "id": last = value

  def call(method, path, body):
      connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
      connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
      answer = connection.getresponse()
      text = answer.read()
      connection.close()
      return answer.status, json.loads(text) if text else {}

  def login():
      status, tokens = call("POST", "/v1/login", {"username": "ada", "password": "correct horse battery staple"})
      assert status == 200, tokens
      return tokens

  def logout(tokens):
      status, answer = call("POST", "/v1/logout", {"refresh_token": tokens["refresh_token"]})
      assert status == 204, answer

  """#

extension LiveServer {
  /// Runs a script after the reader's lines; its arguments begin with the port and the client's credentials.
  func readFeed(_ credentials: String, _ script: String, _ arguments: [String] = []) async throws -> String {
    try await python(reader + script, ["\(port)", credentials] + arguments)
  }

  /// Starts a script like `readFeed`.
  func startReader(_ credentials: String, _ script: String) throws -> Child {
    guard let python = Programs.python else { throw HarnessError("SIGNET_PYTHON isn't set") }
    return try Child(python, ["-u", "-c", reader + script, "\(port)", credentials], folder: folder)
  }
}

/// Sessions begin and end on four threads while a reader is cut off again and again and resumes. Prints what it has heard.
let resumption = #"""
  rounds = int(sys.argv[3])
  ended, guard = [], threading.Lock()
  def churn():
      for _ in range(rounds):
          tokens = login()
          logout(tokens)
          with guard: ended.append(tokens["session_id"])
  threads = [threading.Thread(target=churn) for _ in range(4)]
  for thread in threads: thread.start()
  heard, last, connections = [], None, 0
  while True:
      isOver = not any(thread.is_alive() for thread in threads)
      connection, answer = subscribe(last)
      connections += 1
      wanted = 1 + connections * 7 % 13
      for name, data, identifier in events(answer):
          assert name != "reset", "a reset"
          last = identifier
          if name == "denied":
              heard.append((int(identifier.split("-")[1]), data["sid"]))
              wanted -= 1
              if wanted == 0 and not isOver: break
          # Everything may be over since.
          elif name == "heartbeat" or name == "ready" and isOver: break
      # Whatever has been read ahead is lost, as with a connection that breaks.
      connection.close()
      if isOver: break
  numbers = [number for number, _ in heard]
  assert numbers == sorted(set(numbers)), "out of order, or twice"
  assert sorted(sid for _, sid in heard) == sorted(ended), "not the sessions that have ended"
  print(connections, len(heard))
  """#

/// Reads until it is killed, and comes again at once; each event on a line.
let follower = #"""
  last = None
  while True:
      try:
          connection, answer = subscribe(last)
          for name, data, identifier in events(answer):
              last = identifier
              print(name, identifier, data.get("sid", ""), flush=True)
      except (OSError, http.client.HTTPException, AssertionError):
          pass
      time.sleep(0.05)
  """#

/// As many streams as a client may have, and one more; then each hears of a logout, and of the server's end.
let multitude = #"""
  import os, selectors, signal
  def stream():
      one = socket.create_connection(("127.0.0.1", port), timeout=60)
      one.sendall(("GET /v1/revocations HTTP/1.1\r\nHost: a\r\nAuthorization: Basic %s\r\n\r\n" % credentials).encode())
      return one
  def until(one, text):
      got = b""
      while text not in got:
          more = one.recv(65536)
          assert more, "it has ended: %r" % got[-200:]
          got += more
      return got
  streams = [stream() for _ in range(250)]
  for one in streams: until(one, b"event: ready\ndata: {}\n\n")
  refused = until(stream(), b"\r\n\r\n")
  assert b" 503 " in refused and b"Retry-After: 10" in refused, refused
  tokens = login()
  begun = time.time()
  logout(tokens)
  for one in streams: until(one, tokens["session_id"].encode())
  # A place that becomes free is free again.
  streams.pop().close()
  while True:
      again = stream()
      head = until(again, b"\r\n\r\n")
      if b" 200 " in head: break
      time.sleep(0.01)
  os.kill(int(sys.argv[3]), signal.SIGTERM)
  for one in streams:
      rest = b""
      while True:
          more = one.recv(65536)
          if not more: break
          rest += more
      assert rest.endswith(b"0\r\n\r\n"), rest[-200:]
  print("all")
  """#

/// Subscribes and doesn't read, until the server has let go; then comes again and reads everything.
let sluggard = #"""
  count = int(sys.argv[3])
  slow = socket.socket()
  slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
  slow.connect(("127.0.0.1", port))
  slow.sendall(("GET /v1/revocations HTTP/1.1\r\nHost: a\r\nAuthorization: Basic %s\r\n\r\n" % credentials).encode())
  metrics = http.client.HTTPConnection("127.0.0.1", int(sys.argv[4]), timeout=60)
  def metric(name):
      metrics.request("GET", "/metrics")
      lines = metrics.getresponse().read().decode().split("\n")
      return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))
  while metric("signet_revocation_streams") < 1: time.sleep(0.01)
  while metric("signet_revocation_streams") > 0: time.sleep(0.01)
  # By the server's deadline, or where that was late by the kernel's, which is twice as long and isn't counted.
  assert metric('signet_http_timeouts_total{kind="write"}') <= 1
  last, heard = None, set()
  connection, answer = subscribe(last)
  for name, data, identifier in events(answer):
      if name == "ready": break
      heard.add(data["sid"])
  assert len(heard) == count, len(heard)
  print("all")
  """#
