-- Tables of one index. Ids of papers are compared by code point, as Python sorts them.
CREATE SCHEMA loccit;
CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE loccit.version (
    number integer NOT NULL
);
INSERT INTO loccit.version VALUES (0);

-- One row, once something was published. Every publication raises the generation by one.
CREATE TABLE loccit.state (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    generation bigint NOT NULL,
    created text NOT NULL,
    model text NOT NULL,
    fingerprint text NOT NULL,
    dimension integer NOT NULL,
    max_pieces integer NOT NULL
);

-- Further files of the generation, such as the catalogue and the user's library.
CREATE TABLE loccit.files (
    name text PRIMARY KEY,
    data bytea NOT NULL
);

CREATE TABLE loccit.papers (
    id text COLLATE "C" PRIMARY KEY,
    source text NOT NULL,            -- file name
    used boolean NOT NULL,           -- false if another file of the same paper is used
    reading text NOT NULL,           -- fingerprint of the code that read it
    title text NOT NULL,
    authors text[] NOT NULL,
    year integer,
    body text NOT NULL,              -- canonical text; all offsets count its code points
    details bytea NOT NULL,          -- sections, tables, page map and provenance: zlib of JSON
    edition text NOT NULL,
    anchors bytea NOT NULL,          -- unsigned 64-bit numbers, little-endian
    passages integer NOT NULL,       -- number of its passages
    sentences integer NOT NULL,
    length bigint NOT NULL,          -- terms in all its passages
    terms jsonb NOT NULL,            -- number of passages that hold each term
    words text[] NOT NULL            -- words as printed
);

CREATE TABLE loccit.passages (
    paper text COLLATE "C" NOT NULL REFERENCES loccit.papers ON DELETE CASCADE,
    number integer NOT NULL,         -- in the paper, from 0
    start integer NOT NULL,
    stop integer NOT NULL,
    section integer NOT NULL,
    kind text NOT NULL,
    tokens integer NOT NULL,
    context text NOT NULL,
    length integer NOT NULL,         -- its terms
    terms jsonb NOT NULL,            -- how often it holds each term
    embedding vector NOT NULL,
    PRIMARY KEY (paper, number)
);
CREATE INDEX passages_terms ON loccit.passages USING gin (terms);

-- Vectors in one byte a component, as in a folder: a component is its byte times step.
CREATE TABLE loccit.sentences (
    paper text COLLATE "C" NOT NULL REFERENCES loccit.papers ON DELETE CASCADE,
    number integer NOT NULL,         -- in the paper, from 0
    passage integer NOT NULL,
    start integer NOT NULL,
    stop integer NOT NULL,
    kind text NOT NULL,
    steps bytea NOT NULL,
    step real NOT NULL,
    PRIMARY KEY (paper, number)
);
CREATE INDEX sentences_passage ON loccit.sentences (paper, passage);

-- Over the papers in use: 'term' counts passages, 'word' counts papers.
CREATE TABLE loccit.vocabulary (
    kind text NOT NULL,
    word text COLLATE "C" NOT NULL,
    held bigint NOT NULL,
    PRIMARY KEY (kind, word)
);
