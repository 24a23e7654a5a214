SELECT 'k_int', f, e, d, c, b, a FROM k_int;
SELECT 'k_text', HEX(v), HEX(c), HEX(l) FROM k_text;
SELECT 'k_long', HEX(c) FROM k_long;
SELECT 'k_binary', HEX(b), HEX(v) FROM k_binary;
SELECT 'k_decimal', a, b, c, d FROM k_decimal;
SELECT 'k_time', CAST(d AS CHAR), CAST(t AS CHAR), CAST(u AS CHAR), CAST(v AS CHAR), CAST(w AS CHAR), CAST(x AS CHAR), CAST(y AS CHAR), CAST(z AS CHAR), CAST(p AS CHAR), CAST(q AS CHAR), r FROM k_time;
SELECT 'k_enum', e+0 FROM k_enum;
SELECT 'k_set', s+0 FROM k_set;
