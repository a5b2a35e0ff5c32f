using Bee.Posix;

namespace Bee.Ebpf;

/// <summary>A value cannot be given to a program's parameter. The message names the parameter, its C type and what is wrong.</summary>
public sealed class BpfParameterException : BeeException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="parameter">The parameter's name.</param>
    /// <param name="typeName">Its type as C writes it.</param>
    /// <param name="message">What is wrong, as a sentence without the parameter's name.</param>
    public BpfParameterException(string parameter, string typeName, string message)
        : base("BadParameter", $"Parameter '{parameter}' ({typeName}): {message}")
    {
        Parameter = parameter;
        TypeName = typeName;
    }

    /// <summary>The parameter's name.</summary>
    public string Parameter { get; }

    /// <summary>The parameter's type as C writes it.</summary>
    public string TypeName { get; }
}
