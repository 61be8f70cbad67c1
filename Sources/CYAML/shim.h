// libyaml: its event parser.
#pragma once
#include <yaml.h>
