-- BM25 of a passage: a sum over the asked terms that it holds, in their order, in single precision; null if it holds
-- none. A function, because Citus sends no statement with a correlated subquery to its workers. In PL/pgSQL it takes
-- about half the time of the same sum over unnest.
CREATE FUNCTION loccit.bm25(
    held jsonb, length integer, terms text[], weights real[], k1 real, rest real, b real, mean real
) RETURNS real LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    score real;
    count real;
    damping real := k1 * (rest + b * length::real / mean);
BEGIN
    FOR place IN 1 .. cardinality(terms) LOOP
        count := held ->> terms[place];
        IF count IS NOT NULL THEN
            score := coalesce(score, 0) + weights[place] * (count / (count + damping));
        END IF;
    END LOOP;
    RETURN score;
END
$$;
