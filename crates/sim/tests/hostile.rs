//! The battery of hostile files finds what it is there to find: each kind of failure, planted, is reported by its case.

use std::process::Command;

fn battery(planted: &str, cases: u64) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_wasm-dbms-battery"))
        .arg("hostile")
        .env("HOSTILE_CASES", cases.to_string())
        .env("HOSTILE_PLANT", planted)
        .env("SEED", "3")
        .output()
        .unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn nothing_planted_is_nothing_found() {
    let (passes, said) = battery("", 500);
    assert!(passes && said.contains("battery hostile: 500 files, 0 failures, seed 3, "), "{said}");
}

#[test]
fn a_panic_an_abort_a_deep_stack_and_too_much_memory_are_found() {
    let (passes, said) = battery("panic@5,abort@300,stack@301,memory@302", 600);
    assert!(!passes, "{said}");
    assert!(said.contains("case 5, seed 3: panic: planted"), "{said}");
    for case in [300, 301, 302] {
        assert!(said.contains(&format!("case {case}, seed 3: its process died")), "{said}");
    }
    assert!(said.contains("battery hostile: 600 files, 4 failures"), "{said}");
}

#[test]
fn a_slow_case_is_found_but_not_one_that_the_machine_held_up_once() {
    let (passes, said) = battery("slow@5,pause@7", 20);
    assert!(!passes && said.contains("case 5, seed 3: took "), "{said}");
    assert!(said.contains("battery hostile: 20 files, 1 failures"), "{said}");
}

#[test]
#[ignore = "waits a minute for the silence that tells a hang"]
fn a_hang_is_found() {
    let (passes, said) = battery("hang@7", 20);
    assert!(!passes && said.contains("case 7, seed 3: hangs"), "{said}");
}
