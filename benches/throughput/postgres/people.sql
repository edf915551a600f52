-- psql -v users=N: made-up people with all that they leave behind, in the shape that the
-- service writes it. Every other one was invited, by one of the others who came before
-- them, the k-th of whom invited 1/k as many as the first.
\set ON_ERROR_STOP on
\set codes '''ABCDEFGHJKLMNPQRSTUVWXYZ23456789'''
SET client_min_messages = warning;
BEGIN;
SELECT setseed(0.5) \g /dev/null

-- As identifiers are drawn for who comes at that second; none twice.
CREATE FUNCTION pg_temp.at(n BIGINT) RETURNS BIGINT LANGUAGE sql IMMUTABLE AS 'SELECT 1704067200000 + n * 1000';
CREATE FUNCTION pg_temp.id(n BIGINT) RETURNS BIGINT LANGUAGE sql IMMUTABLE AS
    'SELECT ((pg_temp.at(n) - 1577836800000) >> 7) << 19 | n * 104729 % 524288';

CREATE TEMPORARY TABLE people AS
SELECT n, pg_temp.id(n) AS id, pg_temp.at(n) AS at, 79000000000 + n * 7368787 % 400000000 AS phone,
       n * 715827883 % 1073741824 AS code,
       CASE WHEN n % 2 = 0 THEN LEAST(floor(power(n::float8, random()))::BIGINT, n - 1) | 1 END AS referrer
FROM generate_series(1::BIGINT, :users) AS n;

INSERT INTO families (id, rank) SELECT DISTINCT pg_temp.id(referrer), 1 FROM people WHERE referrer > 0;

INSERT INTO users (id, phone, invitation_code, first_name, last_name, email, referrer_id, referral_number, redeemed_at,
                   created_at, family_id)
SELECT id, phone,
       substr(:codes, (code & 31)::INT + 1, 1) || substr(:codes, (code >> 5 & 31)::INT + 1, 1)
           || substr(:codes, (code >> 10 & 31)::INT + 1, 1) || substr(:codes, (code >> 15 & 31)::INT + 1, 1)
           || substr(:codes, (code >> 20 & 31)::INT + 1, 1) || substr(:codes, (code >> 25 & 31)::INT + 1, 1),
       (ARRAY['Андрей', 'Иван', 'Дмитрий', 'Анна', 'Мария', 'Ольга'])[1 + n % 6],
       (ARRAY['Потапов', 'Иванов', 'Смирнов', 'Кузнецов', 'Попов'])[1 + n % 5],
       CASE WHEN n % 10 < 6 THEN 'user' || n || '@mail.ru' ELSE '' END,
       pg_temp.id(referrer), CASE WHEN referrer > 0 THEN row_number() OVER (PARTITION BY referrer ORDER BY n) END,
       CASE WHEN referrer > 0 THEN at END, at,
       CASE WHEN referrer > 0 THEN pg_temp.id(referrer) WHEN n IN (SELECT referrer FROM people) THEN id END
FROM people;

INSERT INTO sessions (id, user_id, created_at, used_at, expires_at, user_agent, ip, current_generation, issued_at)
SELECT id, id, at, at, at + 86400000, 'Mozilla/5.0 (Linux; Android 14)', '10.1.2.3', decode(md5(n::TEXT), 'hex'), at
FROM people WHERE n % 2 = 0;
INSERT INTO devices (hash, user_id, created_at, used_at, user_agent, ip)
SELECT sha256(n::TEXT::BYTEA), id, at, at, 'Mozilla/5.0 (Linux; Android 14)', '10.1.2.3' FROM people WHERE n % 2 = 0;
INSERT INTO sends (id, at, party, known, prefix, cost)
SELECT id, at, n * 2654435761 % 1000000007, n % 3 = 0, phone / 10000, 200 FROM people WHERE n % 4 = 0;
INSERT INTO deliveries (id, state, lease_until, gateway, message, taken_at)
SELECT id, 4, at + 60000, 'main', 'message-' || n, at FROM people WHERE n % 4 = 0;
INSERT INTO misses (miss, party, at) SELECT n % 3, n * 2654435761 % 1000000007, at FROM people WHERE n % 20 = 0;
INSERT INTO retired_users (id, invitation_code) SELECT id + 1, 'Z' || n FROM people WHERE n % 20 = 0;
COMMIT;
VACUUM ANALYZE;
