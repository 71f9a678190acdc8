-- Makes the role of the instances, the database and the schema, as an administrator of PostgreSQL, once and on the primary:
--
--   psql --set role=refresh_ledger --set database=tokens --set schema=refresh_ledger --file database.sql postgres
--   psql --command '\password refresh_ledger' postgres
--
-- The role owns its schema and nothing else: no other object can be made by it, no superuser is needed by `refresh-ledger`. It makes tables and
-- partitions in the schema itself (`database init`, and each instance as the events grow). tools/cluster makes its database with this file.
\set ON_ERROR_STOP 1
create role :"role" login;
create database :"database" encoding 'UTF8' template template0;
revoke all on database :"database" from public;
grant connect on database :"database" to :"role";
-- So that `database check` and `doctor` see how far each standby is. Whoever does not want it leaves it out: they say so then.
grant pg_monitor to :"role";
\connect :"database"
revoke all on schema public from public;
create schema :"schema" authorization :"role";
