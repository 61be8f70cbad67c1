"""A service's part of row-level security (postgresql-rls.sql): it verifies the token, and hands its claims to PostgreSQL
for one transaction. With PyJWT[crypto] and psycopg 3. The tests run this very file, with the addresses replaced."""
import contextlib
import json

import jwt
import psycopg

ISSUER = "https://login.example.com"
AUDIENCE = "api"
DATABASE = "host=/var/run/postgresql dbname=orders user=orders_service"

# Fetched once and again after five minutes (Signet's max-age), or when a token names a key that isn't there.
keys = jwt.PyJWKClient(ISSUER + "/.well-known/jwks.json", cache_jwk_set=True, lifespan=300, timeout=5)


def verified(token):
    """The claims of a good access token; else jwt.PyJWTError, which is a 401 with WWW-Authenticate."""
    if jwt.get_unverified_header(token).get("typ") != "at+jwt":
        raise jwt.InvalidTokenError("not an access token")
    claims = jwt.decode(
        token, keys.get_signing_key_from_jwt(token), algorithms=["ES256"], issuer=ISSUER, audience=AUDIENCE, leeway=5,
        options={"require": ["exp", "iss", "aud", "sub"]},
    )
    if "cnf" in claims:
        raise jwt.InvalidTokenError("a bound token, whose proof isn't checked here")
    return claims


def connect():
    """A connection, as a pool would keep it: it has no claims of its own."""
    return psycopg.connect(DATABASE, autocommit=True)


@contextlib.contextmanager
def transaction(connection, token):
    """One transaction on behalf of the token's user. Whatever happens in it, the claims end with it (true: local)."""
    claims = verified(token)
    with connection.transaction():
        connection.execute("select set_config('request.jwt.claims', %s, true)", [json.dumps(claims)])
        yield connection


def add_order(connection, token, item):
    with transaction(connection, token) as current:
        current.execute("insert into orders (item) values (%s)", [item])


def orders(connection, token):
    """No word of a user: PostgreSQL knows."""
    with transaction(connection, token) as current:
        return [item for item, in current.execute("select item from orders order by id")]


def delete_orders(connection, token):
    """How many it deleted."""
    with transaction(connection, token) as current:
        return current.execute("delete from orders").rowcount
