-- What a manifest calls the media type of a config or layer: a blob itself has none. Manifests that were pushed before have
-- no answer here until they are pushed again.
alter table edges add column media_type text;
