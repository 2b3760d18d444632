//! dbg
use wasm_dbms_sim::model::*;
fn main() {
    let seed: u64 = std::env::args().nth(1).unwrap().parse().unwrap();
    match run_drawn(seed, 320, None) {
        Ok(c) => println!("{c:?}"),
        Err(f) => {
            println!("{}", f.what);
            let f = shrunk(f, None, &|| ());
            println!("{}\n{}", f.what, f.program);
        }
    }
}
