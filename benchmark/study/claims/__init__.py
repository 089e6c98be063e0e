"""The claims, a module each (see `study.claim.StudyModule`)."""
