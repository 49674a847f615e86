/// The text of `--help`.
enum Help {
  static func text(_ command: Command) -> String {
    var text = usage(command) + "\n\n" + about(command) + "\n\n"
    for flag in Flag.all() where flag.commands & command.rawValue != 0 {
      var left = "  " + flag.name
      if !flag.valueName.isEmpty { left += " " + flag.valueName }
      text += padded(left, 18) + flag.help + "\n"
    }
    return text + "\n" + footer(command)
  }

  private static func usage(_ command: Command) -> String {
    switch command {
    case .run:
      """
      usage: edgerun MODEL.edge INPUT... [-o results.jsonl] [options]
             edgerun bench MODEL.edge             latency, cold start, time of every node
             edgerun eval MODEL.edge --data DIR   accuracy on labelled samples
             edgerun info MODEL.edge              inputs, outputs, memory
      """
    case .bench: "usage: edgerun bench MODEL.edge [options]"
    case .eval: "usage: edgerun eval MODEL.edge --data DIR [options]"
    case .info: "usage: edgerun info MODEL.edge [options]"
    }
  }

  private static func about(_ command: Command) -> String {
    switch command {
    case .run:
      """
      Runs a model on files and prints one JSON line for every input, in the order given. INPUT is a .wav, .jpg,
      .png, .npy, .npz or .bin file, or a folder: its files of these kinds, sorted by name, not those of folders in
      it. An input that fails gives a line with "error" and the others go on. A model with state starts anew on
      every input.

      A classifier, that is a model whose only output is [1, C], gives its best classes under "top"; scores are the
      softmax of the output, or the output itself where that already is a distribution (0 to 1, sum 1 within 2 %).
      Other models give the shape, smallest, largest and mean value of every output. "ms" is the inference alone.
      """
    case .bench:
      """
      Measures a model on random input. Cold start (open the file, open the session, first inference) is a figure of
      its own; the others are of warm inferences.
      """
    case .eval:
      """
      Runs a classifier on labelled samples and prints its accuracy with the number of samples and the median
      latency. A label is a class index or a class name of the model.
      """
    case .info:
      "Prints what a model takes, what it gives, and the memory of a session."
    }
  }

  private static func footer(_ command: Command) -> String {
    let failed =
      switch command {
      case .run, .eval: "1 some inputs failed, "
      case .bench, .info: ""
      }
    return "exit code: 0 all went well, " + failed
      + "2 bad usage, unusable model or unwritable output, 130 Ctrl-C\n"
  }
}
