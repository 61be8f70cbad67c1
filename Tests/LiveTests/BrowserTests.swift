// Cookie mode in a real browser: a page of a listed origin logs in, refreshes and logs out; pages of other origins, of the
// same site and of another one, can neither read nor cause anything.

import Foundation
import Testing

@Suite struct BrowserTests {
  @Test(.needsPython, .timeLimit(.minutes(5))) func cookieMode() async throws {
    let folder = try Folder()
    let names = ["login", "app", "other"].map { "DNS:\($0).example.com" } + ["DNS:evil.example.org"]
    let certificate = try await TestCertificate.make(
      folder, options: ["-addext", "subjectAltName=" + names.joined(separator: ",")])
    let settings = certificate.settings + ["issuer=https://login.example.com"]
    try await withServer(settings, folder: folder) { server in
      try await server.addUser()
      let flags = ["--data", server.data] + server.settings.flatMap { ["--set", $0] }
      let command = JSON.array(([Programs.signet] + flags).map(JSON.string)).text
      let output = try await server.python(
        Self.script, ["\(try server.securePort)", certificate.certificate, certificate.key, goodPassword, command])
      let results = try JSON(output)
      #expect(
        results["app"] == [
          "login": 200, "token_in_body": false, "cookie_readable": false, "refresh": 200, "me": 200,
        ], "\(output)")
      // Nothing could be read; what could be sent blindly did nothing.
      for page in ["other", "evil"] {
        #expect(
          results[page] == [
            "refresh": "TypeError", "logout": "TypeError", "login": "TypeError", "blind": "opaque", "form": "sent",
          ], "\(output)")
      }
      #expect(results["again"] == ["refresh": 200, "logout": 204, "refresh_after": 401], "\(output)")
      let generations = try await server.sql("SELECT generation FROM session")
      #expect(generations == "2\n", "one rotation for each refresh of the listed page, none for others")
      let events = try await server.audit().compactMap { $0["event"]?.string }
      #expect(events.filter { $0 == "login" || $0 == "logout" || $0 == "reuse" } == ["login", "logout"])
    }
  }

  /// Serves the pages, drives Chromium from one to the next, and prints what they report.
  private static let script = #"""
    import http.server, json, os, queue, signal, ssl, subprocess, sys, tempfile, threading
    port, certificate, key, password, command = sys.argv[1:]
    signet, *flags = json.loads(command)
    login = f"https://login.example.com:{port}"
    reports = queue.Queue()
    pages = {}

    class Handler(http.server.BaseHTTPRequestHandler):
      def log_message(self, *_): pass
      def send(self, status, body=b"", type="text/html"):
        self.send_response(status)
        self.send_header("Content-Type", type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
      def do_GET(self):
        page = pages.get((self.headers["Host"], self.path))
        self.send(200 if page else 404, (page or "").encode())
      def do_POST(self):
        reports.put((self.path[1:], json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
        self.send(204)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    own = server.server_address[1]
    origins = {name: f"https://{host}:{own}" for name, host in
      [("app", "app.example.com"), ("other", "other.example.com"), ("evil", "evil.example.org")]}

    library = """
      const login = LOGIN, password = PASSWORD;
      async function call(path, body, headers, options) {
        return fetch(login + path, {method: "POST", credentials: "include", body: JSON.stringify(body),
          headers: {"Content-Type": "application/json", ...headers}, ...options});
      }
      const csrf = {"X-Signet-CSRF": "1"};
      const credentials = {username: "ada", password, mode: "cookie"};
      async function attempt(promise) {
        try { return (await promise).status } catch (error) { return error.name }
      }
      async function report(name, result, next) {
        await fetch("/" + name, {method: "POST", body: JSON.stringify(result)});
        if (next) location.href = next;
      }
    """.replace("LOGIN", json.dumps(login)).replace("PASSWORD", json.dumps(password))

    def page(origin, path, script):
      pages[(origin.split("//")[1], path)] = (
        f"<!doctype html><link rel=icon href='data:,'><script>{library}(async () => {{{script}}})()</script>")

    page(origins["app"], "/", """
      const answer = await call("/v1/login", credentials);
      const tokens = await answer.json();
      const refresh = await call("/v1/refresh", {}, csrf);
      const access = (await refresh.json()).access_token;
      const me = await fetch(login + "/v1/me", {headers: {Authorization: "Bearer " + access}});
      await report("app", {login: answer.status, token_in_body: "refresh_token" in tokens,
        cookie_readable: document.cookie.includes("signet"), refresh: refresh.status, me: me.status}, NEXT);
    """.replace("NEXT", json.dumps(origins["other"] + "/")))
    for name, following in [("other", origins["evil"] + "/"), ("evil", origins["app"] + "/again")]:
      page(origins[name], "/", """
        const result = {
          refresh: await attempt(call("/v1/refresh", {}, csrf)), logout: await attempt(call("/v1/logout", {}, csrf)),
          login: await attempt(call("/v1/login", credentials))};
        // What needs no preflight: sent, and refused there.
        for (const path of ["/v1/refresh", "/v1/logout", "/v1/login"]) {
          const blind = await fetch(login + path, {method: "POST", credentials: "include", mode: "no-cors",
            body: JSON.stringify(path == "/v1/login" ? credentials : {})});
          result.blind = blind.type;
        }
        for (const path of ["/v1/refresh", "/v1/logout"]) {
          const frame = document.createElement("iframe");
          frame.name = "frame" + path;
          document.documentElement.append(frame);
          const form = document.createElement("form");
          Object.assign(form, {method: "POST", action: login + path, target: frame.name, enctype: "text/plain"});
          document.documentElement.append(form);
          const loaded = new Promise(resolve => frame.addEventListener("load", resolve));
          form.submit();
          await loaded;
          result.form = "sent";
        }
        await report(NAME, result, NEXT);
      """.replace("NAME", json.dumps(name)).replace("NEXT", json.dumps(following)))
    page(origins["app"], "/again", """
      const refresh = await attempt(call("/v1/refresh", {}, csrf));
      const logout = await attempt(call("/v1/logout", {}, csrf));
      await report("again", {refresh, logout, refresh_after: await attempt(call("/v1/refresh", {}, csrf))});
    """)

    subprocess.run([signet, "client", "change", "signet", "--origin", origins["app"]] + flags, check=True,
      stdout=subprocess.DEVNULL)
    # The running server heeds it within a second: asked until it does.
    import time, urllib.request
    trust = ssl.create_default_context(cafile=certificate)
    trust.check_hostname = False
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
      request = urllib.request.Request(f"https://127.0.0.1:{port}/healthz", headers={"Origin": origins["app"]})
      with urllib.request.urlopen(request, context=trust) as answer:
        if answer.headers["Access-Control-Allow-Credentials"] == "true": break

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
      browser = subprocess.Popen(["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
        "--disable-dev-shm-usage", "--disable-background-networking", "--ignore-certificate-errors",
        "--host-resolver-rules=MAP *.example.com 127.0.0.1, MAP *.example.org 127.0.0.1",
        f"--user-data-dir={profile}", "--remote-debugging-port=0", origins["app"] + "/"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
      try:
        results = {}
        while "again" not in results:
          try:
            name, result = reports.get(timeout=120)
          except queue.Empty:
            break
          results[name] = result
        print(json.dumps(results))
      finally:
        # With its children, which write into the profile.
        os.killpg(browser.pid, signal.SIGKILL)
        browser.wait()
    """#
}
