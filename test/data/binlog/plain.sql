-- No checksums.
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(10));
INSERT INTO t VALUES (1, 'a'), (2, 'b');
UPDATE t SET id = 3 WHERE id = 1;
DELETE FROM t WHERE id = 2;
