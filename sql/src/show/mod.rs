//! SHOW and information_schema. (Being written now by the helper "show"; nobody else edits this folder.)
