//! `clearwave lower`: every language, to stdout and to files, by signature and by selector.

use super::{Folder, printed, read, run};
use std::fs;

const TOKEN: &str = "kernels/token/Token.opt.json";
const TRANSFER: &str = "transfer(address,uint256)";

#[test]
fn a_function_is_written_in_every_language() {
    for language in ["ir", "wgsl", "msl", "hlsl", "glsl"] {
        let text = printed(&["lower", TOKEN, "--function", TRANSFER, "--emit", language]);
        assert!(text.lines().count() >= 1, "{language}: {text}");
    }
    assert!(printed(&["lower", TOKEN, "--function", TRANSFER, "--emit", "glsl", "--entry", "net"]).lines().count() >= 1);
    assert!(printed(&["lower", TOKEN, "--function", TRANSFER, "--emit", "wgsl"]).contains("fn net"));
    // Nothing but a terminal is too good for binary.
    let spirv = run(&["lower", TOKEN, "--function", TRANSFER, "--emit", "spirv"]);
    assert_eq!((spirv.status.code(), &spirv.stdout[..4]), (Some(0), &[3, 2, 0x23, 7][..]));
}

#[test]
fn a_file_holds_what_stdout_would() {
    let folder = Folder::new("lower");
    for language in ["ir", "wgsl", "spirv"] {
        let path = folder.path(language);
        let call = ["lower", TOKEN, "--function", TRANSFER, "--emit", language];
        assert_eq!(printed(&[&call[..], &["-o", &path]].concat()), "");
        assert_eq!(fs::read(&path).expect("it was written"), run(&call).stdout);
    }
}

#[test]
fn a_function_has_several_names() {
    let ir =
        |artifact: &str, function, more: &[&str]| printed(&[&["lower", artifact, "--function", function, "--emit", "ir"], more].concat());
    let folder = Folder::new("names");
    let document: serde_json::Value = serde_json::from_str(&read(TOKEN)).expect("JSON");
    let code = document.pointer("/deployedBytecode/object").or(document.pointer("/deployedBytecode"));
    let raw = folder.file("code.hex", code.and_then(|code| code.as_str()).expect("code"));
    let transfer = ir(TOKEN, TRANSFER, &[]);
    assert!(transfer.contains("lane clear"), "{transfer}");
    assert_eq!(ir(TOKEN, "transfer(address, uint256)", &[]), transfer);
    assert_eq!(ir(TOKEN, "0xa9059cbb", &[]), transfer);
    assert_eq!(ir(&raw, "0xa9059cbb", &[]), transfer);
    assert_eq!(ir(&raw, "0xa9059cbb", &["--calldata-bytes", "68"]), transfer);
    assert_eq!(ir(&raw, TRANSFER, &[]), transfer);
    assert_ne!(ir(&raw, "0xa9059cbb", &["--calldata-bytes", "67"]), transfer);
}

#[test]
fn value_makes_another_kernel() {
    let wrapper = "kernels/wrapper/Wrapper.opt.json";
    for function in ["deposit()", "receive()"] {
        let call = ["lower", wrapper, "--function", function, "--emit", "ir"];
        let with_value = printed(&[&call[..], &["--with-value"]].concat());
        assert!(with_value.contains("native[caller]") && !printed(&call).contains("native[caller]"), "{function}");
    }
}
