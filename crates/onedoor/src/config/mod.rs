//! What the operator wrote → what each part wants.
