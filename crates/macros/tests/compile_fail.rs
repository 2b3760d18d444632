//! Every wrong attribute is a compile error that points at the mistake. `TRYBUILD=overwrite cargo test` writes the
//! expected words anew.

#[test]
fn a_mistake_is_a_compile_error_that_points_at_it() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
