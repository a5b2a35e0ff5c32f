using System.Diagnostics;
using Bee.Registries;

namespace Bee.Telemetry.Tests.Exposition;

/// <summary>Debian's promtool.</summary>
internal static class Promtool
{
    /// <summary>Returns the findings of <c>promtool check metrics</c> in a scrape of the text format; empty if there are none.</summary>
    public static string Check(byte[] text)
    {
        using var process = Process.Start(new ProcessStartInfo(Tool.Find(Tool.Promtool)!, ["check", "metrics"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var messages = process.StandardError.ReadToEndAsync();
        process.StandardInput.BaseStream.Write(text);
        process.StandardInput.Close();
        process.WaitForExit();
        return process.ExitCode == 0 ? output.Result + messages.Result : $"exit code {process.ExitCode}: {output.Result}{messages.Result}";
    }
}
