//! Every wrong attribute is a compile error that points at the mistake. `TRYBUILD=overwrite cargo test` writes the
//! expected words anew.

#[test]
fn a_mistake_is_a_compile_error_that_points_at_it() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/*.rs");
    // A pattern is checked by the crate that runs it, or refused without it.
    cases.compile_fail(if cfg!(feature = "regex") {
        "tests/compile_fail_with_regex/*.rs"
    } else {
        "tests/compile_fail_without_regex/*.rs"
    });
}
