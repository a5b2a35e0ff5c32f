using System.Reflection;

// Runs one sample: Main of the class Sample in the namespace that the argument names.
var sample = Assembly.GetExecutingAssembly().GetType($"{args[0]}.Sample", throwOnError: true)!;
await (Task)sample.GetMethod("Main")!.Invoke(null, null)!;
