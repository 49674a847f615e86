/// x
let programName: StaticString = "edgerun"
