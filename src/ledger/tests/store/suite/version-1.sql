-- A ledger of version 1. It does not change when the schema does.
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE slos (
    id {identity},
    identity TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    environment TEXT,
    service TEXT NOT NULL,
    slo TEXT NOT NULL,
    labels TEXT NOT NULL
);
CREATE TABLE slices (
    slo INTEGER NOT NULL,
    start BIGINT NOT NULL,
    seq SMALLINT NOT NULL,
    bad {count} NOT NULL,
    total {count} NOT NULL,
    seen SMALLINT NOT NULL,
    source SMALLINT NOT NULL,
    PRIMARY KEY (slo, start, seq)
){clustered};
CREATE VIEW newest_slices AS
    SELECT s.slo, s.start, s.seq, s.bad, s.total, s.seen, s.source FROM slices s
    WHERE NOT EXISTS (
        SELECT 1 FROM slices n WHERE n.slo = s.slo AND n.start = s.start AND n.seq > s.seq
    );
CREATE TABLE pulls (slo INTEGER PRIMARY KEY, since BIGINT NOT NULL, until BIGINT NOT NULL);
CREATE TABLE objective_versions (
    slo INTEGER NOT NULL,
    valid_from BIGINT NOT NULL,
    seq SMALLINT NOT NULL,
    objective TEXT NOT NULL,
    window_ms BIGINT NOT NULL,
    revision TEXT,
    PRIMARY KEY (slo, valid_from, seq)
){clustered};
CREATE TABLE deployments (
    key TEXT NOT NULL,
    seq SMALLINT NOT NULL,
    project TEXT NOT NULL,
    environment TEXT,
    service TEXT NOT NULL,
    started BIGINT NOT NULL,
    finished BIGINT,
    version TEXT,
    previous TEXT,
    source TEXT NOT NULL,
    url TEXT,
    by_whom TEXT,
    rolled_back BIGINT,
    PRIMARY KEY (key, seq)
){clustered};
CREATE TABLE incidents (
    project TEXT NOT NULL,
    id TEXT NOT NULL,
    seq SMALLINT NOT NULL,
    withdrawn SMALLINT NOT NULL,
    environment TEXT,
    services TEXT NOT NULL,
    title TEXT NOT NULL,
    from_time BIGINT NOT NULL,
    until_time BIGINT,
    url TEXT,
    by_whom TEXT,
    PRIMARY KEY (project, id, seq)
){clustered};
INSERT INTO meta VALUES ('format', 'nth-ledger'), ('version', '1');
INSERT INTO slos (identity, project, environment, service, slo, labels) VALUES
    ('{"project":"shop","environment":"production","service":"checkout","slo":"availability","group":{}}',
     'shop', 'production', 'checkout', 'availability', '{}');
INSERT INTO slices VALUES
    (1, 1790812800, 0, 1, 90, 280, 0),
    (1, 1790812800, 1, 2, 100, 300, 0),
    (1, 1790813100, 0, 0.5, 10.25, 300, 2);
INSERT INTO pulls VALUES (1, 1790812800, 1790813400);
INSERT INTO objective_versions VALUES (1, 1790812800, 0, '0.999', 2592000000, 'a1');
INSERT INTO deployments VALUES
    ('d1', 0, 'shop', 'production', 'checkout', 1790812800, NULL, 'v2', NULL, 'kube-state-metrics', NULL, NULL, NULL);
INSERT INTO incidents VALUES
    ('shop', 'INC-1', 0, 0, NULL, '["checkout","cart"]', 'Payments fail', 1790812800, 1790813400, NULL, NULL);
