-- Row-level security by the claims of a Signet access token: a user of a service sees that user's rows, whatever the
-- service's queries forget. As a superuser, in the service's database: psql -1 -v ON_ERROR_STOP=1 -f postgresql-rls.sql
-- The tests run this very file, with the issuer replaced, on PostgreSQL 15.
--
-- It assumes:
-- - The SERVICE verifies the token. PostgreSQL has nothing that checks an ES256 signature (pgcrypto knows HMAC, and
--   pgjwt takes HS256 alone, for which it would need a secret that can sign). postgresql-rls.py shows how;
--   SignetVerifier does it too.
-- - The service hands over the claims at the beginning of each transaction, for that transaction alone:
--       select set_config('request.jwt.claims', $1, true)
--   so that a pooled connection, also PgBouncer's in transaction mode, never has the claims of the one before.
-- - Signet's issuer is https://login.example.com, its tokens are for the audience "api".
--
-- This guards against queries that forget a condition and against mixed-up users. Not against somebody who can run any
-- SQL as the service's role: that one can set any claims as well, so give values as parameters, never as part of a text.

-- Who owns the tables logs in nowhere; the service's role owns nothing and can't pass row security by.
create role orders_owner nologin;
create role orders_service login nosuperuser nocreatedb nocreaterole nobypassrls;

create schema signet;
grant usage on schema signet to public;

-- The claims of this transaction, if they are by the issuer, for this audience and in time; null otherwise. The service
-- has checked that; a transaction that lasts longer than its token sees nothing more.
create function signet.claims() returns jsonb
language plpgsql stable parallel restricted set search_path = pg_catalog as $$
declare
    -- Empty, not null, in a connection that had claims in an earlier transaction.
    claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
begin
    if claims ->> 'iss' = 'https://login.example.com'
        and claims -> 'aud' @> '"api"'
        and (claims ->> 'exp')::numeric > extract(epoch from clock_timestamp())
    then
        return claims;
    end if;
    return null;
end $$;

-- The user (or, for a service's own token, the client).
create function signet.subject() returns text
language sql stable parallel restricted set search_path = pg_catalog as $$ select signet.claims() ->> 'sub' $$;

create function signet.has_role(wanted text) returns boolean
language sql stable parallel restricted set search_path = pg_catalog as $$
    select coalesce(jsonb_typeof(signet.claims() -> 'roles') = 'array' and signet.claims() -> 'roles' ? wanted, false)
$$;

create function signet.has_scope(wanted text) returns boolean
language sql stable parallel restricted set search_path = pg_catalog as $$
    select coalesce(wanted = any (string_to_array(signet.claims() ->> 'scope', ' ')), false)
$$;

-- The table of the example.
create table orders (
    id bigint generated always as identity primary key,
    owner text not null default signet.subject(),
    item text not null
);
alter table orders owner to orders_owner;
create index on orders (owner);

-- force: for the owner too.
alter table orders enable row level security;
alter table orders force row level security;
grant select, insert, update, delete on orders to orders_service;

-- In a subquery a function is asked once a statement, not once a row.
create policy own_orders on orders for select
    using (owner = (select signet.subject()));
create policy all_orders on orders for select
    using ((select signet.has_role('auditor')));
create policy add_orders on orders for insert
    with check (owner = (select signet.subject()) and (select signet.has_scope('orders:write')));
create policy change_orders on orders for update
    using (owner = (select signet.subject()) and (select signet.has_scope('orders:write')))
    with check (owner = (select signet.subject()));
create policy delete_orders on orders for delete
    using (owner = (select signet.subject()) and (select signet.has_scope('orders:write')));
