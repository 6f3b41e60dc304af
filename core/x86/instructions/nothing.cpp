// Instructions without an effect that software could see, and those that this processor does not have.
#include "core/x86/instructions/handlers.hpp"

namespace ringside {

MaybeFault execute_nothing(Execution&)
{
    return {};
}

MaybeFault execute_undefined(Execution&)
{
    return fault_without_code(UD);
}

}
