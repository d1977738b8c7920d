-- Judgements of answers, of all people who use the index. They are no part of a generation.
CREATE TABLE loccit.feedback (
    number bigint GENERATED ALWAYS AS IDENTITY,
    owner text NOT NULL,             -- a signed-in person, or "role NAME" of this database
    key text NOT NULL,               -- sha256 of question and answer
    made text NOT NULL,              -- ISO 8601, UTC
    helpful boolean NOT NULL,
    question text NOT NULL,          -- as searched, standing alone
    answer text NOT NULL,            -- JSON
    gold text,                       -- JSON of [paper, quote], null while nobody said what is right
    PRIMARY KEY (owner, key)
);
