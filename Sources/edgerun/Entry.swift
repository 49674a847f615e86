import CEdgeRT

/// Where the program begins: SwiftPM names the entry point of a program after its module.
@c(edgerun_main)
public func programEntry(
  _ count: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  var words: [String] = []
  for index in 1..<max(1, Int(count)) {
    if let word = arguments?[index] { words.append(String(cString: word)) }
  }
  do throws(CommandError) {
    return try start(words)
  } catch {
    Console.error(error.message)
    return error.exitCode
  }
}

/// Parses the command line and runs its command; returns the exit code.
private func start(_ words: [String]) throws(CommandError) -> Int32 {
  let options = try CommandLineParser.parse(words)
  if options.isHelp {
    try Console.output(Help.text(options.command))
    return ExitCode.success
  }
  if options.isVersion {
    let version = edgert_version()
    try Console.output(
      "edgerun " + String(version >> 16) + "." + String(version >> 8 & 255) + "."
        + String(version & 255) + "\n")
    return ExitCode.success
  }
  switch options.command {
  case .run: return try RunCommand(options).run()
  case .bench: return try BenchCommand(options).run()
  case .eval: return try EvalCommand(options).run()
  case .info: return try InfoCommand(options).run()
  }
}
