using System.Collections;
using System.Management.Automation;
using System.Text.Json;
using Bee.Cmdlets.Errors;
using Bee.Ebpf.Objects;
using ParameterMetadata = System.Management.Automation.ParameterMetadata;

namespace Bee.Cmdlets.Deployments;

/// <summary>
/// The arguments of a run from a command line and environment variables: <c>IMAGE --parameter target_pid=1 --duration 10s</c>, <c>BEE_RUN_DURATION=10s</c>. The names are
/// derived from Invoke-BeeProgram's parameters, so a new parameter needs no change here.
/// </summary>
internal sealed class ToolArguments
{
    private const string Prefix = "BEE_RUN_";
    private const string ParameterPrefix = Prefix + "PARAMETER_";

    // Program and Image are the positional argument. The others control streams that a container does not have.
    private static readonly string[] s_hidden = ["Program", "Image", "WhatIf", "Confirm", "Debug", .. CommonNames()];

    private readonly IReadOnlyDictionary<string, ParameterMetadata> _known;
    private readonly Dictionary<string, object> _values = new(StringComparer.OrdinalIgnoreCase);

    private ToolArguments(IEnumerable<ParameterMetadata> known)
    {
        var names = new Dictionary<string, ParameterMetadata>(StringComparer.OrdinalIgnoreCase);
        foreach (ParameterMetadata parameter in known.Where(parameter => !s_hidden.Contains(parameter.Name)))
        {
            names[parameter.Name] = parameter;
            foreach (string alias in parameter.Aliases)
            {
                names.TryAdd(alias, parameter);
            }
        }

        _known = names;
    }

    /// <summary>The image; null if the arguments name none.</summary>
    public string? Image { get; private set; }

    /// <summary>Whether the arguments ask for the usage text only.</summary>
    public bool IsHelp { get; private set; }

    /// <summary>The command's parameters by name.</summary>
    public IDictionary Values => _values;

    /// <summary>Parses arguments. An argument overrides a variable.</summary>
    /// <param name="arguments">The command line after the entry point.</param>
    /// <param name="environment">The environment.</param>
    /// <param name="known">The parameters of the command.</param>
    /// <exception cref="BeeInputException"><c>Usage</c>: an argument or a variable is invalid.</exception>
    public static ToolArguments Read(IReadOnlyList<string> arguments, IDictionary environment, IEnumerable<ParameterMetadata> known)
    {
        var read = new ToolArguments(known);
        read.ReadLine(arguments);
        read.ReadEnvironment(environment);
        return read;
    }

    /// <summary>Returns the usage text: one line for each parameter.</summary>
    public string Usage() => string.Join('\n', _known.Values.Distinct().OrderBy(parameter => parameter.Name, StringComparer.Ordinal).Select(parameter => $"  --{Dashed(parameter.Name)}{Shape(parameter.ParameterType)}"));

    private static IEnumerable<string> CommonNames() => ["ErrorAction", "WarningAction", "InformationAction", "ProgressAction", "ErrorVariable", "WarningVariable", "InformationVariable", "OutVariable", "OutBuffer", "PipelineVariable"];

    private static string Dashed(string name) => string.Concat(name.Select((letter, i) => char.IsUpper(letter) ? (i > 0 && !char.IsUpper(name[i - 1]) ? "-" : "") + char.ToLowerInvariant(letter) : letter.ToString()));

    private static string Shape(Type type) =>
        type == typeof(SwitchParameter) ? ""
        : typeof(IDictionary).IsAssignableFrom(type) ? " NAME=VALUE ..."
        : type.IsArray ? " VALUE ..."
        : type.IsEnum ? $" {string.Join('|', Enum.GetNames(type))}"
        : " VALUE";

    private void ReadLine(IReadOnlyList<string> arguments)
    {
        for (int i = 0; i < arguments.Count; i++)
        {
            string argument = arguments[i];
            if (argument is "--help" or "-h" or "-?")
            {
                IsHelp = true;
            }
            else if (argument.Length > 1 && argument[0] == '-')
            {
                int equals = argument.IndexOf('=', StringComparison.Ordinal);
                ParameterMetadata parameter = Find(argument[..(equals < 0 ? argument.Length : equals)]);
                bool isSwitch = parameter.ParameterType == typeof(SwitchParameter);
                string value = equals >= 0 ? argument[(equals + 1)..]
                    : isSwitch ? "true"
                    : ++i < arguments.Count ? arguments[i]
                    : throw Wrong($"{argument} needs a value.");
                Add(parameter, value, argument);
            }
            else if (Image is null)
            {
                Image = argument;
            }
            else
            {
                throw Wrong($"'{argument}' is an extra argument: the image is already {Image}.");
            }
        }
    }

    private void ReadEnvironment(IDictionary environment)
    {
        Image ??= environment[Prefix + "IMAGE"] as string is { Length: > 0 } image ? image : null;
        HashSet<string> given = [.. _values.Keys];
        foreach (DictionaryEntry pair in environment)
        {
            if (pair.Key is not string name || !name.StartsWith(Prefix, StringComparison.Ordinal) || name == Prefix + "IMAGE" || pair.Value is not string { Length: > 0 } value)
            {
                continue;
            }

            if (name.StartsWith(ParameterPrefix, StringComparison.Ordinal))
            {
                Hashtable parameters = Table("Parameter");
                string parameter = name[ParameterPrefix.Length..];
                if (!parameters.ContainsKey(parameter))
                {
                    parameters[parameter] = value;
                }
            }
            else if (Find("--" + name[Prefix.Length..].Replace('_', '-'), name) is var parameter && !given.Contains(parameter.Name))
            {
                // In a variable for several values, each line is one value.
                bool isList = parameter.ParameterType.IsArray || typeof(IDictionary).IsAssignableFrom(parameter.ParameterType);
                foreach (string item in isList && !value.StartsWith('{') ? value.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) : [value])
                {
                    Add(parameter, item, name);
                }
            }
        }
    }

    private void Add(ParameterMetadata parameter, string value, string given)
    {
        if (parameter.ParameterType == typeof(SwitchParameter))
        {
            _values[parameter.Name] = value.ToLowerInvariant() switch
            {
                "true" or "1" or "yes" => true,
                "false" or "0" or "no" => false,
                _ => throw Wrong($"{given} must be true or false, not '{value}'."),
            };
        }
        else if (typeof(IDictionary).IsAssignableFrom(parameter.ParameterType))
        {
            AddPair(Table(parameter.Name), value, given);
        }
        else if (parameter.ParameterType.IsArray)
        {
            _values[parameter.Name] = _values.TryGetValue(parameter.Name, out object? before) ? (string[])[.. (string[])before, value] : [value];
        }
        else
        {
            _values[parameter.Name] = value;
        }
    }

    private static void AddPair(Hashtable table, string value, string given)
    {
        if (value.StartsWith('{'))
        {
            foreach (DictionaryEntry pair in JsonTable.Read(value, fault => Wrong($"{given} is not a JSON object: {fault}")))
            {
                table[pair.Key] = pair.Value;
            }

            return;
        }

        int equals = value.IndexOf('=', StringComparison.Ordinal);
        table[equals > 0 ? value[..equals] : throw Wrong($"{given} expects NAME=VALUE, not '{value}'.")] = value[(equals + 1)..];
    }

    private Hashtable Table(string name)
    {
        if (!_values.TryGetValue(name, out object? table))
        {
            _values[name] = table = new Hashtable(StringComparer.Ordinal);
        }

        return (Hashtable)table;
    }

    private ParameterMetadata Find(string given, string? variable = null)
    {
        string name = given.TrimStart('-').Replace("-", "", StringComparison.Ordinal);
        if (_known.TryGetValue(name, out ParameterMetadata? parameter))
        {
            return parameter;
        }

        IReadOnlyList<string> near = Suggest.Nearest(name, _known.Values.Select(one => one.Name), 3);
        throw Wrong(variable is null
            ? $"There is no argument {given}." + (near.Count > 0 ? $" Similar: {string.Join(", ", near.Select(one => "--" + Dashed(one)))}." : "")
            : $"The variable {variable} does not match any argument.");
    }

    private static BeeInputException Wrong(string message) => new("Usage", message, "--help lists the arguments.");
}

/// <summary>Reads a hashtable from JSON text on a command line.</summary>
internal static class JsonTable
{
    /// <summary>Parses a JSON object.</summary>
    /// <param name="text">The text.</param>
    /// <param name="wrong">Creates the exception for text that is not an object, given the reason.</param>
    public static Hashtable Read(string text, Func<string, Exception> wrong)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object ? (Hashtable)Value(document.RootElement)! : throw wrong("the text is another kind of JSON value");
        }
        catch (JsonException fault)
        {
            throw wrong(fault.Message);
        }
    }

    private static object? Value(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => Table(element),
        JsonValueKind.Array => element.EnumerateArray().Select(Value).ToArray(),
        JsonValueKind.String => element.GetString(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null => null,
        // Other numbers stay text: the encoders of parameters and entries parse numbers of all widths.
        _ => element.TryGetInt64(out long number) ? number : element.GetRawText(),
    };

    private static Hashtable Table(JsonElement element)
    {
        var table = new Hashtable(StringComparer.Ordinal);
        foreach (JsonProperty property in element.EnumerateObject())
        {
            table[property.Name] = Value(property.Value);
        }

        return table;
    }
}
